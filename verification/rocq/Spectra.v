(* Two layers, any number of classes: the Z-test with a line in A = F^T F. With l = tr A^2 / tr A and B = A / l take
   M = (3 - B) / (2 sqrt l): no positive entry off its diagonal, tr (M A) = tr A / sqrt l, and F M is a contraction where
   B <= 4, since 4 - t (3 - t)^2 = (1 - t)^2 (4 - t). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm ZTest Samples.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Line.
Variables (R : rcfType) (m d k : nat) (W : 'M[R]_(m, d)) (X : 'M[R]_(d, k)).
Notation sq := (@sqnorm R _ _).
Notation F := (relu (W *m X)).
Notation A := (F^T *m F).
Let T := sq F.
Let S := sq A.
Hypothesis top : forall v : 'cV[R]_k, T * sq (F *m v) <= 4 * S * sq v.

Theorem line_bound : sq F ^+ 3 <= sq (F^T *m F) * (sq W * sq X).
Proof.
rewrite -/T -/S; have S0 : 0 <= S := sq_ge0 _; have T0 : 0 <= T := sq_ge0 _.
have [T_|Tn] := eqVneq T 0; first by rewrite T_ expr0n !mulr_ge0 ?sq_ge0.
have Sp : 0 < S.
  rewrite lt_def S0 andbT; apply: contra_neq Tn => /sq_eq0 z.
  by rewrite /T sq_gram z mxtrace0.
pose c := Num.sqrt (T / S); have c0 : 0 <= c by rewrite sqrtr_ge0.
have cE : c ^+ 2 = T / S by rewrite sqr_sqrtr // divr_ge0.
pose M : 'M[R]_k := c *: ((3 / 2)%:M - (c ^+ 2 / 2) *: A).
have AT : A^T = A by rewrite trmx_mul trmxK.
have neg i j : i != j -> M i j <= 0.
  move=> ij; rewrite mxE mulr_ge0_le0 // mxE [_%:M i j]mxE (negbTE ij) mulr0n add0r mxE oppr_le0 mxE.
  rewrite mulr_ge0 ?divr_ge0 ?sqr_ge0 ?ler0n // mxE sumr_ge0 // => l _.
  by rewrite !mxE mulr_ge0 ?le_maxr ?lexx.
have short (v : 'cV[R]_k) : sq (F *m M *m v) <= sq v.
  pose Bv := c ^+ 2 *: (A *m v); pose p := F *m v; pose r := F *m Bv.
  have e1 : F *m M *m v = (3 * c / 2) *: p + (- c / 2) *: r.
    rewrite -mulmxA /M -scalemxAl mulmxBl mul_scalar_mx -scalemxAl -scalemxAr mulmxBr -!scalemxAr scalerBr !scalerA.
    rewrite /p /r /Bv -scalemxAr scalerA -scaleNr; congr (_ *: _ + _ *: _); by field.
  have e2 : dot v Bv = c ^+ 2 * sq p by rewrite /Bv dotZr sqE dot_mul mulmxA.
  have e3 : sq Bv = c ^+ 2 * dot p r by rewrite sqE {1}/Bv dotZl -mulmxA dot_mul trmxK.
  have := top (v + (-1) *: Bv); rewrite mulmxDr -scalemxAr -/p -/r !sq_add e2 e3 => h.
  have {h} h : c ^+ 2 * (sq p + 2 * -1 * dot p r + (-1) ^+ 2 * sq r) <=
      4 * (sq v + 2 * -1 * (c ^+ 2 * sq p) + (-1) ^+ 2 * (c ^+ 2 * dot p r)).
    by rewrite [X in X * _ <= _]cE mulrAC ler_pdivr_mulr // [X in _ <= X]mulrAC.
  rewrite e1 sq_add sqZ dotZl -subr_ge0; move: h; rewrite -subr_ge0.
  move: (sq p) (sq r) (dot p r) (sq v) => u w y z h; rewrite -(pmulr_rge0 _ (_ : 0 < 4)) ?ltr0n //.
  by apply: le_trans h _; apply: eqW; field.
have tr : \tr (M^T *m A) = c * T.
  rewrite /M linearZ /= linearB /= tr_scalar_mx linearZ /= AT -scalemxAl mxtraceZ mulmxBl mul_scalar_mx -scalemxAl.
  rewrite mxtraceD raddfN /= !mxtraceZ -sq_gram -/T -{1}AT -sq_gram -/S cE; field.
  by rewrite gt_eqF.
have h1 := relu_part (W *m X) neg; rewrite tr in h1.
have h2 := z_product short; have cT : 0 <= c * T by rewrite mulr_ge0.
have : (c * T) ^+ 2 <= sq W * sq X by apply: le_trans h2; rewrite ler_expn2r ?nnegrE ?(le_trans cT).
by rewrite exprMn cE mulrAC ler_pdivr_mulr // -exprS [X in _ <= X]mulrC.
Qed.
End Line.
