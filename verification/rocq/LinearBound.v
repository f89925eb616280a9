(* What DNC of linear layers pays, whatever its features: with r = K - 1, outputs alpha C (x) 1_n^T cost

       a_0 a_1 ... a_L >= n r^(L + 1) alpha^2,

   since a factor multiplies the determinant of r columns' Gram matrix by (a_l / r)^r at most. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss ModelLinear Norm Targets Wider Centring Gram.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Bound.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (K2 : (1 < K)%N) (n0 : (0 < n)%N) (L2 : (1 < L)%N).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Notation C := (@centring R K).
Notation r := K.-1.
Let K0 : (0 < K)%N. Proof. exact: ltnW. Qed.
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let np : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.
Let r0 : (0 < r)%N. Proof. by rewrite -subn1 subn_gt0. Qed.
Let rE : r%:R = K%:R - 1 :> R. Proof. by rewrite -subn1 natrB. Qed.

(* K - 1 independent centred columns *)
Let w : 'I_r -> 'I_K := widen_ord (leq_pred K).
Let B : 'M[R]_(K, r) := \matrix_(i, j) C i (w j).
Let centred_B : C *m B = B.
Proof.
apply/matrixP => i j; rewrite [RHS]mxE -[in RHS](centre_idem R K0) [LHS]mxE [RHS]mxE.
by apply: eq_bigr => l _; congr (_ * _); rewrite [LHS]mxE.
Qed.
Let G := \det (B^T *m B).
Let G_gt0 : 0 < G.
Proof.
rewrite lt_def gram_det_ge0 andbT; set J : 'M[R]_r := const_mx 1.
have E : B^T *m B = 1%:M - K%:R^-1 *: J.
  apply/matrixP => i j; transitivity ((C *m C) (w i) (w j)).
    rewrite -{1}(centreT R K) [LHS]mxE [RHS]mxE; apply: eq_bigr => l _.
    by congr (_ * _); rewrite [LHS]mxE [RHS]mxE // [LHS]mxE.
  by rewrite centre_idem // !mxE -val_eqE.
have JJ : J *m J = r%:R *: J.
  apply/matrixP => i j; rewrite !mxE (eq_bigr (fun=> 1)) => [|l _]; last by rewrite !mxE mulr1.
  by rewrite sumr_const card_ord mulr1.
have inv : (B^T *m B) *m (1%:M + J) = 1%:M.
  rewrite E mulmxDr mulmx1 mulmxBl mul1mx -scalemxAl JJ scalerA rE.
  rewrite -addrA -[X in _ = X]addr0; congr (_ + _); rewrite -scaleNr -{2}[J]scale1r -scaleNr -!scalerDl.
  by rewrite [X in X *: _](_ : _ = 0) ?scale0r //; field; rewrite gt_eqF.
apply/eqP => G0; have := congr1 determinant inv; rewrite det_mulmx det1 -/G G0 mul0r => /eqP.
by rewrite eq_sym oner_eq0.
Qed.

Variables (th : weights R K L n d) (alpha : R).
Hypothesis out : linear_output th = alpha *: C *m Y.
Let E := Y^T *m B.
Let F l := linear (hidden th) (H1 th) l *m E.
Let gram m (A : 'M[R]_(m, r)) := \det (A^T *m A).

Lemma chain l : (r%:R ^+ r) ^+ l.+1 * gram (F l) <= (sq (H1 th) * \prod_(j < l) sq (hidden th j)) ^+ r * gram E.
Proof.
elim: l => [|l IH]; first by rewrite big_ord0 mulr1 expr1; apply: det_layer.
have h := ler_wpmul2l (exprn_ge0 l.+1 (exprn_ge0 r (ler0n R r))) (det_layer (hidden th l) (F l)).
have -> : F l.+1 = hidden th l *m F l by rewrite /F /= mulmxA.
rewrite big_ord_recr [X in X * _ <= _]exprSr -mulrA; apply: le_trans h _.
rewrite mulrCA; apply: le_trans (ler_wpmul2l (exprn_ge0 _ (sq_ge0 _)) IH) _.
rewrite mulrA -exprMn; apply: eqW; congr (_ ^+ _ * _); rewrite /=; ring.
Qed.

Theorem linear_pays : n%:R * (r%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
have GE : gram E = n%:R ^+ r * G.
  rewrite /gram /E trmx_mul trmxK -mulmxA [Y *m (_ *m _)]mulmxA mulYYT mul_scalar_mx -scalemxAr detZ //.
have last : WL th *m F L.-1 = (alpha * n%:R) *: B.
  rewrite /F mulmxA -/(linear_output th) out /E mulmxA -[_ *m Y *m Y^T]mulmxA mulYYT mul_mx_scalar scalerA mulrC.
  by rewrite -scalemxAl centred_B.
have := det_layer (WL th) (F L.-1); rewrite -/(gram _) -/(gram _) last.
have -> : gram ((alpha * n%:R) *: B) = ((alpha * n%:R) ^+ 2) ^+ r * G.
  by rewrite /gram [(_ *: B)^T]linearZ -scalemxAl -scalemxAr scalerA -expr2 detZ.
move=> h; have q0 : 0 <= (r%:R ^+ r) ^+ L :> R by rewrite !exprn_ge0 ?ler0n.
have L1 : L.-1.+1 = L by rewrite prednK // ltnW.
have h2 := le_trans (ler_wpmul2l q0 h) (_ : _ <= (sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th)) ^+ r * gram E).
have {h h2} h : (r%:R ^+ r) ^+ L * (r%:R ^+ r * ((alpha * n%:R) ^+ 2 ^+ r * G)) <= (sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th)) ^+ r * gram E.
  apply: h2; rewrite mulrCA; have := ler_wpmul2l (exprn_ge0 r (sq_ge0 (WL th))) (chain L.-1); rewrite L1 => h3; apply: le_trans h3 _.
  by apply: eqW; rewrite mulrA -exprMn; congr (_ ^+ _ * _); ring.
have {h} h : (r%:R ^+ L.+1 * (alpha * n%:R) ^+ 2) ^+ r <= (sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th) * n%:R) ^+ r.
  rewrite -(ler_pmul2r G_gt0); apply: le_trans (le_trans (eqW _) h) (eqW _); last by rewrite GE mulrA -exprMn.
  by rewrite exprMn (exprAC _ L.+1) exprSr !mulrA.
rewrite -(ler_pmul2r np); rewrite ler_pexpn2r ?nnegrE // in h; first last.
- by rewrite !mulr_ge0 ?sq_ge0 ?ler0n // prodr_ge0 // => l _; apply: sq_ge0.
- by rewrite mulr_ge0 ?sqr_ge0 ?exprn_ge0 ?ler0n.
by apply: le_trans h; apply: eqW; rewrite (exprSr (r%:R : R) L) -rE; move: (r%:R ^+ L) => q; move: r%:R n%:R => s t; ring.
Qed.
End Bound.
