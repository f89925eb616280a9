(* Margin losses and DNC: a symmetric convex loss is least, at a given mean margin alpha, where all margins are alpha; and

       a_0 a_1 ... a_L >= n K^L (K - 1) alpha^2

   holds at every single DNC configuration, a_0 = |H_1|^2 and a_l = |W_l|^2. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model ModelLoss Norm Targets Pointwise Centring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* a convex function of a mean is at most the mean *)
Lemma jensen (R : rcfType) m n (f : 'M[R]_(m, n) -> R) (T : finType) (g : T -> 'M[R]_(m, n)) :
  (forall (a : R) x y, 0 <= a <= 1 -> f (a *: x + (1 - a) *: y) <= a * f x + (1 - a) * f y) -> (0 < #|T|)%N ->
  #|T|%:R * f (#|T|%:R^-1 *: \sum_t g t) <= \sum_t f (g t).
Proof.
move=> cvx; rewrite cardT -!big_enum /=.
elim: (enum T) => // t s IH _; rewrite !big_cons /=; case: s IH => [_|t' s IH].
  by rewrite !big_nil !addr0 invr1 scale1r mul1r.
set S := \sum_(_ <- _) _ in IH *; set N := size (t' :: s) in IH *; have {}IH := IH isT.
have Np : 0 < N%:R :> R by rewrite ltr0n.
have N1 : 0 < N.+1%:R :> R by rewrite ltr0n.
have -> : N.+1%:R^-1 *: (g t + S) = N.+1%:R^-1 *: g t + (1 - N.+1%:R^-1) *: (N%:R^-1 *: S).
  rewrite scalerDr scalerA; congr (_ + _ *: _); rewrite mulrSr in N1 *; field; rewrite ?gt_eqF //.
apply: le_trans (ler_wpmul2l (ltW N1) (cvx _ _ _ _)) _.
  by rewrite invr_ge0 ltW //= invf_le1 // ler1n.
apply: le_trans (ler_add (lexx _) IH); apply: eqW; rewrite mulrSr in N1 *; field; rewrite ?gt_eqF //.
Qed.

Section Symmetric.
Variables (R : rcfType) (K : nat) (ell : 'I_K -> 'cV[R]_K -> R).
Hypotheses (K2 : (1 < K)%N) (ml : margin_loss ell).
Notation sq := (@sqnorm R _ _).
Let Kp : 0 < K%:R :> R. Proof. by rewrite ltr0n ltnW. Qed.
Let K1p : 0 < K%:R - 1 :> R. Proof. by rewrite subr_gt0 ltr1n. Qed.

(* the loss of K outputs, one a class *)
Definition total (Z : 'M[R]_K) : R := \sum_k ell k (col k Z).
(* the mean margin: tr (C Z) / (K - 1), C = I - J / K *)
Notation centre := (@centring R K).
Definition mean_margin (Z : 'M[R]_K) : R := \tr (centre *m Z) / (K%:R - 1).

Lemma total_margins (Z Z' : 'M[R]_K) : (forall k j, Z' k k - Z' j k <= Z k k - Z j k) -> total Z <= total Z'.
Proof. by move=> h; apply: ler_sum => k _; apply: (decreasing ml) => j; rewrite !mxE. Qed.

Definition conj (s : {perm 'I_K}) (Z : 'M[R]_K) : 'M[R]_K := \matrix_(i, j) Z (s i) (s j).
Lemma total_conj s Z : total (conj s Z) = total Z.
Proof.
rewrite /total [RHS](reindex_inj (@perm_inj _ s)) /=; apply: eq_bigr => k _; rewrite (symmetric ml); congr ell.
by apply/matrixP => i j; rewrite !mxE.
Qed.

Definition average (Z : 'M[R]_K) : 'M[R]_K := #|{perm 'I_K}|%:R^-1 *: \sum_(s : {perm 'I_K}) conj s Z.
Let Np : (0 < #|{perm 'I_K}|)%N. Proof. by apply/card_gt0P; exists 1%g. Qed.
Let Nr : #|{perm 'I_K}|%:R != 0 :> R. Proof. by rewrite pnatr_eq0 -lt0n. Qed.

Lemma total_average Z : total (average Z) <= total Z.
Proof.
have cvx (a : R) x y : 0 <= a <= 1 -> total (a *: x + (1 - a) *: y) <= a * total x + (1 - a) * total y.
  move=> h; rewrite /total !mulr_sumr -big_split; apply: ler_sum => k _; apply: le_trans (convex ml _ _ _ h).
  by apply: eqW; congr ell; apply/matrixP => i j; rewrite !mxE.
have := jensen (fun s : {perm 'I_K} => conj s Z) cvx Np.
rewrite (eq_bigr (fun=> total Z)) => [|s _]; last exact: total_conj.
by rewrite sumr_const -[X in _ <= X]mulr_natl ler_pmul2l // ltr0n.
Qed.
Lemma averageE Z i j : average Z i j = #|{perm 'I_K}|%:R^-1 * \sum_(s : {perm 'I_K}) Z (s i) (s j).
Proof. by rewrite mxE summxE; congr (_ * _); apply: eq_bigr => s _; rewrite mxE. Qed.
Lemma average_conj Z (t : {perm 'I_K}) i j : average Z (t i) (t j) = average Z i j.
Proof.
rewrite !averageE; congr (_ * _); rewrite [RHS](reindex_inj (mulgI t)) /=.
by apply: eq_bigr => s _; rewrite !permM.
Qed.
Lemma average_diag Z i i' : average Z i i = average Z i' i'.
Proof. by rewrite -(average_conj Z (tperm i i')) tpermL. Qed.
Lemma average_off Z i j i' j' : i != j -> i' != j' -> average Z i j = average Z i' j'.
Proof.
move=> ij ij'; rewrite -(average_conj Z (tperm i i') i j) tpermL; set k := tperm i i' j.
have k' : k != i' by rewrite -[X in _ != X](tpermL i) (inj_eq perm_inj) eq_sym.
by rewrite -(average_conj Z (tperm k j')) tpermL tpermD // eq_sym.
Qed.
Lemma average_sum Z : \sum_i \sum_j average Z i j = \sum_i \sum_j Z i j.
Proof.
rewrite (eq_bigr (fun i => #|{perm 'I_K}|%:R^-1 * \sum_(s : {perm 'I_K}) \sum_j Z (s i) (s j))) => [|i _]; last first.
  by rewrite exchange_big mulr_sumr; apply: eq_bigr => j _; rewrite averageE.
rewrite -mulr_sumr exchange_big /= (eq_bigr (fun=> \sum_i \sum_j Z i j)) => [|s _].
  by rewrite sumr_const -[X in _ * X]mulr_natl mulKf.
rewrite [RHS](reindex_inj (@perm_inj _ s)); apply: eq_bigr => i _.
by rewrite [RHS](reindex_inj (@perm_inj _ s)).
Qed.
Lemma average_tr Z : \tr (average Z) = \tr Z.
Proof.
rewrite /mxtrace (eq_bigr (fun i => #|{perm 'I_K}|%:R^-1 * \sum_(s : {perm 'I_K}) Z (s i) (s i))) => [|i _]; last exact: averageE.
rewrite -mulr_sumr exchange_big /= (eq_bigr (fun=> \sum_i Z i i)) => [|s _].
  by rewrite sumr_const -[X in _ * X]mulr_natl mulKf.
by rewrite [RHS](reindex_inj (@perm_inj _ s)).
Qed.

Lemma mean_marginE Z : mean_margin Z = (\tr Z - K%:R^-1 * \sum_i \sum_j Z i j) / (K%:R - 1).
Proof.
congr (_ / _); rewrite /centring mulmxBl mul1mx mxtraceD raddfN /= -scalemxAl mxtraceZ; congr (_ - _ * _).
rewrite exchange_big; apply: eq_bigr => j _; rewrite mxE; apply: eq_bigr => i _.
by rewrite !mxE mul1r.
Qed.
Lemma average_margin Z k j : j != k -> average Z k k - average Z j k = mean_margin Z.
Proof.
move=> jk; rewrite mean_marginE -average_tr -average_sum.
set p := average Z k k; set q := average Z j k.
have -> : \tr (average Z) = K%:R * p.
  rewrite /mxtrace (eq_bigr (fun=> p)) => [|i _]; last exact: average_diag.
  by rewrite sumr_const card_ord mulr_natl.
have -> : \sum_i \sum_j average Z i j = K%:R * (p + (K%:R - 1) * q).
  rewrite (eq_bigr (fun=> p + (K%:R - 1) * q)) => [|i _]; first by rewrite sumr_const card_ord mulr_natl.
  rewrite (bigD1 i) //= (average_diag Z i k) (eq_bigr (fun=> q)) => [|i' ii]; last by apply: average_off; rewrite // eq_sym.
  rewrite sumr_const (eq_card (B := predC1 i)) // cardC1 card_ord -[X in _ + X = _]mulr_natl; congr (_ + _ * _).
  by rewrite -subn1 natrB // ltnW.
by field; rewrite !gt_eqF.
Qed.
Theorem total_symmetric Z : total (mean_margin Z)%:M <= total Z.
Proof.
apply: le_trans (total_average Z); apply: total_margins => k j.
move: (average Z) (@average_margin Z k j) => A hA; rewrite !mxE eqxx mulr1n.
have [->|jk] := eqVneq j k; first by rewrite mulr1n !subrr.
by rewrite mulr0n subr0 hA.
Qed.

Lemma mean_margin_norm Z : (K%:R - 1) * mean_margin Z ^+ 2 <= sq (Z *m centre).
Proof.
have K0 : (0 < K)%N by apply: ltnW.
have CT := centreT R K; have CC := centre_idem R K0.
have := CS (Z *m centre) centre; rewrite sq_centre // {1}/dot CT -mulmxA CC mxtrace_mulC.
have -> : \tr (centre *m Z) = mean_margin Z * (K%:R - 1) by rewrite /mean_margin divfK ?gt_eqF.
by move=> h; rewrite -(ler_pmul2r K1p); apply: le_trans h; apply: eqW; ring.
Qed.
End Symmetric.
